#pragma once

#include <span>
#include <string_view>

namespace aviary::runtimes {

/// A file of a runtime client, as it lies under /var/runtime inside a sandbox.
struct File {
  std::string_view path;     ///< relative, '/'-separated: "python/bootstrap.py"
  std::string_view content;  ///< static data, never freed
  bool executable;           ///< whether its mode has the x bits (0755, else 0644)
};

/// Every file of every client, sorted by path. They run in one folder, R below, that the host writes once and
/// binds read-only at /var/runtime; in plain-process mode R is that folder itself. The host never edits them.
///
/// How each family is started (R = /var/runtime inside a sandbox; argv is the whole command line). Every
/// client reads AWS_LAMBDA_RUNTIME_API, _HANDLER, LAMBDA_TASK_ROOT and LAMBDA_RUNTIME_DIR, the last two
/// falling back on Lambda's own paths, and the AWS_LAMBDA_* variables of the context object and the logs.
/// AVIARY_OPT_DIR names where the layers are, if that is not /opt: folders, the one that wins first.
///
/// python3.x   <python> -S R/python/bootstrap.py
///   `-S` saves the search through site-packages; the client builds sys.path itself: task root, layers,
///   $PYTHONPATH, the interpreter's own, $LAMBDA_RUNTIME_DIR, and last what the host has installed. Not `-I`:
///   it would ignore the user's PYTHON* variables.
///   Once per interpreter and R, while R can still be written:  <python> -S R/python/bootstrap.py --compile
///   leaves R/python/aviary_runtime/__pycache__, which makes each later start some 3.5 ms faster.
///
/// nodejsN.x   <node> [flags] R/nodejs/bootstrap.cjs
///   flags: `--no-experimental-require-module` for Node 20.19+ and 22, and for 22
///   `--no-experimental-detect-module`, as Lambda does (either dropped when NODE_OPTIONS names its opposite);
///   Lambda also gives `--expose-gc --max-semi-space-size=M --max-old-space-size=N`, 5 % and 90 % of
///   MemorySize. environment: NODE_PATH as in the execution contract.
///
/// ruby3.x     <ruby> --disable=gems R/ruby/bootstrap.rb
///   RubyGems is loaded when something asks for it, a third of a start otherwise. environment: GEM_PATH and
///   RUBYLIB as in the execution contract; GEM_HOME only if the host's own gems are not to be found.
///
/// javaN       <java> [flags] -cp R/java/aviary-runtime.jar aviary.runtime.Bootstrap
///   Any JRE from 11 on. The jar is built from the sources beside it by script/build-java-client and checked
///   in. flags: `-Xmx` by the function's memory, and what starts a small program quickly.
std::span<const File> files();

}  // namespace aviary::runtimes
