# frozen_string_literal: true

# Runtime client for Ruby functions: `<ruby> --disable=gems /var/runtime/ruby/bootstrap.rb`.
#
# It fetches one event after the other from the Runtime API, calls the handler and posts what it returned. A cold start
# without RubyGems is a third of one with it, so RubyGems comes when something asks for it: a `require` that finds
# nothing, the constant, `gem`.
#
# The behaviour is that of AWS's own client, aws_lambda_ric.

require 'socket.so' # the classes; socket.rb only adds conveniences
require 'json'

Encoding.default_external = Encoding::UTF_8
$stdout.sync = true

with_gems = defined?(Gem) # before it is an autoload, which the question would trigger
# What AWS's client has loaded, and functions therefore use without asking.
{ Gem: 'rubygems', Net: 'net/http', Logger: 'logger', URI: 'uri', StringIO: 'stringio', Timeout: 'timeout' }
  .each { |name, file| Object.autoload(name, file) unless Object.const_defined?(name) }

module Kernel
  def URI(text) # rubocop:disable Naming/MethodName
    require 'uri' # which defines this anew
    URI(text)
  end
  private :URI
end

unless with_gems
  module Kernel
    alias aviary_plain_require require

    # The first `require` that fails brings RubyGems, which then takes over.
    def require(path)
      aviary_plain_require(path)
    rescue LoadError => e
      raise unless AviaryRuntime.load_gems && e.path == path.to_s

      Kernel.instance_method(:require).bind_call(self, path)
    end

    def gem(name, *requirements)
      raise Gem::LoadError, name unless AviaryRuntime.load_gems

      Kernel.instance_method(:gem).bind_call(self, name, *requirements)
    end
    private :require, :gem
  end
end

module AviaryRuntime
  HERE = __dir__
  API = '/2018-06-01/runtime'
  MAX_CAUSE = 1024 * 1024
  AGENT = "aws-lambda-ruby/#{RUBY_VERSION}-aviary"

  # True the first time, when there is reason to try once more what failed.
  def self.load_gems
    return false if @gems

    @gems = true
    Kernel.module_eval do
      alias_method :require, :aviary_plain_require
      remove_method :gem
      private :require
    end
    require 'rubygems'
    true
  end

  # Started ahead of its function: loads what most functions load, and waits to be told the rest.
  def self.wait
    load_gems
    %w[net/http logger uri stringio timeout time date securerandom digest openssl set tempfile].each do |name|
      require name
    rescue LoadError # a ruby that was built without it
    end
    told = IO.for_fd(0, autoclose: false).binmode.read
    exit!(0) if told.empty? # nobody will tell any more
    $stdin.reopen(File::NULL)
    folder, *variables = told.force_encoding(Encoding::UTF_8).split("\0")
    ENV.replace(variables.to_h { |variable| variable.split('=', 2) })
    Dir.chdir(folder)
    Gem.clear_paths # the function's and its layers' folders are there now
  end

  # The connection to the Runtime API, opened anew when the server has closed it.
  class Connection
    def initialize(address)
      @host, _, @port = address.rpartition(':')
      @common = " HTTP/1.1\r\nHost: #{address}\r\nUser-Agent: #{AGENT}\r\n"
      @next = "GET #{API}/invocation/next#{@common}\r\n"
    end

    # Waits for an event: [headers with lower-case names, body].
    def next
      attempts = 0
      begin
        write(@next)
        status, headers, body = read
      rescue SystemCallError, IOError
        close
        attempts += 1
        retry if attempts < 3
        exit(1) # the emulator is gone
      end
      abort("Received #{status} when waiting for next invocation.") unless status == 200
      [headers, body]
    end

    # Posts a response and waits for the event after it. A small response and the request for the event go out
    # together; a large one may be refused before it is read, so its answer comes first.
    def respond(id, type, body)
      head = "POST #{API}/invocation/#{id}/response#{@common}Content-Type: #{type}\r\n" \
             "Content-Length: #{body.bytesize}\r\n\r\n"
      begin
        if body.bytesize < 32_768
          write("#{head}#{body}".b << @next)
          read
          status, headers, event = read
          return [headers, event] if status == 200
        else
          write(head, body)
          read
        end
      rescue SystemCallError, IOError
        close
      end
      self.next
    end

    def post(path, headers, body)
      lines = headers.map { |name, value| "#{name}: #{value}\r\n" }.join
      write("POST #{API}/#{path}#{@common}#{lines}Content-Length: #{body.bytesize}\r\n\r\n", body)
      read
    rescue SystemCallError, IOError
      close
    end

    private

    def close
      @socket&.close
      @socket = nil
    end

    def write(*parts)
      unless @socket
        @socket = TCPSocket.new(@host.delete('[]'), @port.to_i)
        @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
        @data = ''.b
      end
      @socket.write(*parts)
    end

    def more
      @data << @socket.readpartial(65_536)
    end

    def until(mark)
      more until (at = @data.index(mark))
      found = @data.slice!(0, at)
      @data.slice!(0, mark.bytesize)
      found
    end

    def exactly(count)
      @data << @socket.read(count - @data.bytesize).to_s if @data.bytesize < count
      raise EOFError if @data.bytesize < count

      @data.slice!(0, count)
    end

    def read
      lines = self.until("\r\n\r\n").force_encoding(Encoding::UTF_8).split("\r\n")
      headers = {}
      lines.drop(1).each do |line|
        name, value = line.split(':', 2)
        headers[name.downcase] = value.strip
      end
      body = headers['transfer-encoding'] == 'chunked' ? chunks : exactly(headers['content-length'].to_i)
      [lines[0][9, 3].to_i, headers, body]
    end

    def chunks
      body = ''.b
      loop do
        size = self.until("\r\n").to_i(16)
        if size.zero?
          nil until self.until("\r\n").empty?
          return body
        end
        body << exactly(size)
        exactly(2)
      end
    end
  end

  # An error as the caller sees it.
  class Problem
    # What the platform may count by name.
    STANDARD = %w[ArgumentError NoMethodError Exception StandardError NameError LoadError SystemExit
                  SystemStackError].freeze

    attr_reader :payload

    def initialize(error, kind = 'Function')
      @error = error
      @frames = (error.backtrace_locations || []).first(100).reject { |frame| frame.path.to_s.start_with?(HERE) }
                                                 .take_while { |frame| !frame.to_s.start_with?('lib') }
      @payload = { errorMessage: text(error.message), errorType: "#{kind}<#{error.class}>",
                   stackTrace: @frames.map { |frame| text(frame.to_s) } }
    end

    def type
      STANDARD.include?(@error.class.to_s) ? @payload[:errorType] : 'Function<UserException>'
    end

    def cause
      stack = @frames.first(15).map { |frame| { path: frame.path, line: frame.lineno, label: frame.label } }
      JSON.generate({ working_directory: Dir.pwd, paths: $LOAD_PATH.map(&:to_s),
                      exceptions: [{ message: @payload[:errorMessage], type: @payload[:errorType], stack: stack }] },
                    ascii_only: true)
    end

    def log(message)
      puts message
      puts JSON.pretty_generate(@payload)
    end

    private

    def text(value)
      value = value.to_s
      value = value.dup.force_encoding(Encoding::UTF_8) if value.encoding == Encoding::BINARY
      value.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    end
  end

  # The function's own file and method: "file.method" or "file.Class.method".
  class Handler
    attr_reader :file

    def initialize(name)
      parts = name.split('.')
      unless [2, 3].include?(parts.size)
        raise ArgumentError,
              "Invalid handler #{parts}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME " \
              'corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class ' \
              'namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method.'
      end
      @file = parts.first
      @method = parts.last
      @class = parts[1] if parts.size == 3
    end

    def call(event, context)
      if @class
        Kernel.const_get(@class).send(@method, event: event, context: context)
      else
        __send__(@method, event: event, context: context)
      end
    end
  end

  def self.encode(value)
    if value.is_a?(IO) || (Object.autoload?(:StringIO).nil? && value.is_a?(StringIO))
      ['application/unknown', value.read.to_s]
    else
      ['application/json', value.to_json]
    end
  end

  # What the handler made of an event: [:response, type, body], or [:error, problem, whether the process must end].
  def self.run(handler, headers, body)
    event = headers['content-type'] == 'application/json' ? JSON.parse(body.force_encoding(Encoding::UTF_8)) : body
    [:response, *encode(handler.call(event, LambdaContext.new(headers)))]
  rescue NameError => e # NoMethodError too
    [:error, Problem.new(e), true]
  rescue StandardError => e
    [:error, Problem.new(e), false]
  rescue Exception => e # rubocop:disable Lint/RescueException
    [:error, Problem.new(e), true]
  end

  # What an environment that is made ahead does before it is ready: invocations without the function's handler, so
  # that its first real one meets nothing for the first time, nor the garbage of its init.
  def self.exercise
    same = ->(event, _context) { event }
    20.times { run(same, { 'content-type' => 'application/json' }, +'{"text": "value", "list": [1, 2.5, null, true]}') }
    GC.start
  end

  def self.main
    wait if ENV['AVIARY_WAIT']
    root = ENV['LAMBDA_TASK_ROOT'] || '/var/task'
    $LOAD_PATH.unshift(root) unless $LOAD_PATH.include?(root)
    ENV.delete('_LAMBDA_TELEMETRY_LOG_FD')
    api = Connection.new(ENV.fetch('AWS_LAMBDA_RUNTIME_API'))
    begin
      handler = Handler.new(ENV['_HANDLER'].to_s)
      require handler.file
    rescue SystemExit
      raise
    rescue Exception => e # rubocop:disable Lint/RescueException
      problem = Problem.new(e, 'Init')
      problem.log('Init error when loading handler ')
      api.post('init/error',
               { 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => problem.type },
               JSON.generate(problem.payload))
      exit(252) # -4
    end
    exercise unless (ENV['AWS_LAMBDA_INITIALIZATION_TYPE'] || 'on-demand') == 'on-demand'
    headers, body = api.next
    loop do
      $_global_aws_request_id = id = headers['lambda-runtime-aws-request-id']
      trace = headers['lambda-runtime-trace-id']
      ENV['_X_AMZN_TRACE_ID'] = trace if trace
      outcome, *rest = run(handler, headers, body)
      if outcome == :response
        headers, body = api.respond(id, *rest)
        next
      end
      problem, fatal = rest
      problem.log(fatal ? 'Critical exception from handler' : 'Error raised from handler method')
      fields = { 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => problem.type }
      cause = problem.cause
      fields['Lambda-Runtime-Function-XRay-Error-Cause'] = cause if cause.bytesize < MAX_CAUSE
      api.post("invocation/#{id}/error", fields, JSON.generate(problem.payload))
      exit(255) if fatal # -1
      headers, body = api.next
    end
  end
end

# What a handler is told besides the event.
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
              :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms, :tenant_id

  def initialize(headers)
    @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
    @aws_request_id = headers['lambda-runtime-aws-request-id']
    @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    @tenant_id = headers['lambda-runtime-aws-tenant-id']
    identity = headers['lambda-runtime-cognito-identity']
    @identity = JSON.parse(identity) if identity
    client = headers['lambda-runtime-client-context']
    @client_context = JSON.parse(client) if client
  end

  def get_remaining_time_in_millis
    remaining = @deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond)
    remaining.positive? ? remaining : 0
  end
end

AviaryRuntime.main
