// Nothing but the precompiled headers that other targets share.
