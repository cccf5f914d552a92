# `cmake --install` gives one self-contained binary; `cpack` a .deb.
install(TARGETS aviary RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
