using System.Collections.Concurrent;
using System.Diagnostics;
using Fota.Interop.Posix;

namespace Fota.Samples.Demo;

/// <summary>Runs Fota's programs as people and service supervisors would: as processes, with options and environment.</summary>
public sealed class Tool(string path, IReadOnlyDictionary<string, string> environment)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs to the end and gives the standard output.</summary>
    /// <exception cref="DemoFailedException">The exit code was not 0; the message is what the program said.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation, params string[] arguments)
    {
        using Process process = Start(arguments);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new DemoFailedException($"{Line(arguments)}: still running after {s_patience}");
        }

        return process.ExitCode == 0
            ? await output
            : throw new DemoFailedException($"{Line(arguments)}: exit code {process.ExitCode}: {(await error).Trim()} {(await output).Trim()}");
    }

    /// <summary>Runs to the end, and tells each line of the standard output as it comes; gives the exit code.</summary>
    public async Task<int> FollowAsync(Action<string> line, CancellationToken cancellation, params string[] arguments)
    {
        using Process process = Start(arguments);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancellation) is { } said)
            {
                line(said);
            }

            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Starts a service whose lines go to <paramref name="log"/>.</summary>
    public Service StartService(string log, params string[] arguments) => new(Path.GetFileName(path), Start(arguments), log);

    private Process Start(string[] arguments)
    {
        ProcessStartInfo start = new(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new DemoFailedException($"{path} could not be started");
    }

    private string Line(string[] arguments) => $"{Path.GetFileName(path)} {string.Join(' ', arguments)}";
}

/// <summary>A program that runs until it is told to stop.</summary>
public sealed class Service : IAsyncDisposable
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _gate = new();

    internal Service(string name, Process process, string log)
    {
        Name = name;
        _process = process;
        _log = new StreamWriter(log, append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The program's name.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>All lines so far.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Asks it to stop (SIGTERM), and after ten seconds ends it and whatever it started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            ProcessSignal.Terminate(_process.Id);
            using CancellationTokenSource deadline = new(s_grace);
            try
            {
                await _process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
        lock (_gate)
        {
            _log.Dispose();
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        Lines.Enqueue(line);
        lock (_gate)
        {
            if (_log.BaseStream?.CanWrite == true)
            {
                _log.WriteLine(line);
            }
        }
    }
}
