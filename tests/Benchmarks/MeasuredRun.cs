using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Fota.Benchmarks;

/// <summary>A program that ran to its end.</summary>
/// <param name="Time">From start to end.</param>
/// <param name="PeakMemory">Largest resident set in bytes: what VmHWM said at the end.</param>
/// <param name="Processor">Processor time, user and system.</param>
/// <param name="Output">What it wrote to its standard output.</param>
internal sealed record MeasuredRun(TimeSpan Time, long PeakMemory, TimeSpan Processor, string Output)
{
    /// <summary>What prlimit gives a program that may come to no end: several times what the slowest of the others needs. It does not depend on how busy the machine is.</summary>
    public const int ProcessorLimitSeconds = 900;

    // A program that the kernel ended for its processor time: 128 + SIGXCPU.
    private const int OutOfProcessorTime = 128 + 24;

    private static readonly TimeSpan s_patience = TimeSpan.FromHours(1);

    /// <summary>Runs a program under <c>time</c>, in <paramref name="folder"/>.</summary>
    /// <remarks>
    /// VmHWM is gone once a process has ended, and a reading before that may miss the peak; the kernel hands it to the parent (wait4). But a child
    /// begins with the peak of the process that it was forked from, and this one is a large runtime: time is a parent of 2 MiB.
    /// </remarks>
    /// <param name="folder">Where it runs, and where its figures are put.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="environment">Further environment variables.</param>
    /// <param name="success">The exit code that says that it did its work.</param>
    /// <exception cref="ToolFailedException">The exit code was another, or it was still running after an hour.</exception>
    /// <exception cref="ToolGaveUpException">It used up its processor time.</exception>
    public static async Task<MeasuredRun> OfAsync(string folder, string program, IEnumerable<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null, int success = 0)
    {
        string figures = Path.Combine(folder, "time");
        ProcessStartInfo start = new("time", ["--quiet", "--format", "%M %U %S", "--output", figures, program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        long began = Stopwatch.GetTimestamp();
        using Process process = Start(start);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token), error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            TimeSpan time = Stopwatch.GetElapsedTime(began);
            if (process.ExitCode == OutOfProcessorTime)
            {
                throw new ToolGaveUpException($"gave up: not done after {ProcessorLimitSeconds} s of processor time");
            }

            return process.ExitCode == success
                ? Read(await File.ReadAllTextAsync(figures, cancellation), time, await output)
                : throw new ToolFailedException($"{Path.GetFileName(program)} {string.Join(' ', arguments)}: wanted exit code {success}, got {process.ExitCode}: {(await error).Trim()} {(await output).Trim()}");
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

    // What time wrote; where the exit code was not 0 a line that says so stands before it.
    private static MeasuredRun Read(string figures, TimeSpan time, string output)
    {
        string[] words = figures.TrimEnd().Split('\n')[^1].Split(' ');
        return new MeasuredRun(time, 1024 * long.Parse(words[0], CultureInfo.InvariantCulture), Seconds(words[1]) + Seconds(words[2]), output);
    }

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));

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
internal class ToolFailedException(string message) : Exception(message);

/// <summary>A tool came to no end within its processor time.</summary>
internal sealed class ToolGaveUpException(string message) : ToolFailedException(message);
