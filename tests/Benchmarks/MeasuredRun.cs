using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Fota.Benchmarks;

/// <summary>A program that ran to its end.</summary>
/// <param name="Time">From start to end.</param>
/// <param name="PeakMemory">Largest resident set in bytes: what VmHWM said at the end.</param>
/// <param name="Output">What it wrote to its standard output.</param>
internal sealed record MeasuredRun(TimeSpan Time, long PeakMemory, string Output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromHours(1);

    /// <summary>Runs a program under <c>time</c>, in <paramref name="folder"/>.</summary>
    /// <remarks>
    /// VmHWM is gone once a process has ended, and a reading before that may miss the peak; the kernel hands it to the parent (wait4). But a child
    /// begins with the peak of the process that it was forked from, and this one is a large runtime: time is a parent of 2 MiB.
    /// </remarks>
    /// <exception cref="ToolFailedException">The exit code was not 0, or it was still running after an hour.</exception>
    public static async Task<MeasuredRun> OfAsync(string folder, string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        string figures = Path.Combine(folder, "time");
        ProcessStartInfo start = new("time", ["--quiet", "--format", "%M", "--output", figures, program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        long began = Stopwatch.GetTimestamp();
        using Process process = Start(start);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token), error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            TimeSpan time = Stopwatch.GetElapsedTime(began);
            return process.ExitCode == 0
                ? new MeasuredRun(time, 1024 * long.Parse(await File.ReadAllTextAsync(figures, cancellation), CultureInfo.InvariantCulture), await output)
                : throw new ToolFailedException($"{Path.GetFileName(program)} {string.Join(' ', arguments)}: wanted exit code 0, got {process.ExitCode}: {(await error).Trim()}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ToolFailedException($"{Path.GetFileName(program)} {string.Join(' ', arguments)}: still running after {s_patience}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ToolFailedException($"{start.FileName}: {e.Message}; tests/Benchmarks/pairs installs what the benchmarks need");
        }
    }
}

/// <summary>A tool did not do what it is measured for.</summary>
internal sealed class ToolFailedException(string message) : Exception(message);
