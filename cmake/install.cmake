# `cmake --install` gives one self-contained binary, its documentation and the systemd unit; `cpack` a
# .deb of the same.
set(AVIARY_UNIT_DIR "lib/systemd/system" CACHE STRING "Where systemd looks for units, below the prefix")

install(TARGETS aviary RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE NOTICE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN "__pycache__" EXCLUDE)
# Written when it is installed: only then is the prefix known.
install(CODE "set(AVIARY_PREFIX \"\${CMAKE_INSTALL_PREFIX}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/packaging/aviary.service.in\" \"${CMAKE_BINARY_DIR}/aviary.service\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/aviary.service DESTINATION ${AVIARY_UNIT_DIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME aviary)
set(CPACK_PACKAGE_CONTACT "The Aviary developers <aviary@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Lambda-compatible emulator for rehearsing deployments")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "One native server in which a serverless deployment can be rehearsed end to end,
with real function code and the AWS tools that one already has, before it is
allowed near an account.")
# What the binary itself needs. Functions need an interpreter, but which is for the user to say.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3, nodejs")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "awscli, ruby")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/postinst ${CMAKE_SOURCE_DIR}/packaging/prerm
                                       ${CMAKE_SOURCE_DIR}/packaging/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
