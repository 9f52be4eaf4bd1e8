using System.Diagnostics;

namespace Fota.TestKit;

/// <summary>What a program did when it was run as a person would run it.</summary>
public sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>Error lines without the last line break; a refusal is one line.</summary>
    public string[] ErrorLines => Error.TrimEnd('\n').Split('\n');

    /// <summary>Runs a program that lies beside the test (a referenced project's own).</summary>
    public static Task<ProgramRun> OfAsync(string program, params string[] arguments) =>
        OfFileAsync(Path.Combine(AppContext.BaseDirectory, program), null, arguments);

    /// <summary>Runs any program, with further environment variables.</summary>
    public static Task<ProgramRun> OfFileAsync(string path, IReadOnlyDictionary<string, string>? environment, params string[] arguments) =>
        OfFileAsync(path, environment, s_patience, arguments);

    /// <summary>Runs any program that may take its time.</summary>
    public static async Task<ProgramRun> OfFileAsync(string path, IReadOnlyDictionary<string, string>? environment, TimeSpan patience, params string[] arguments)
    {
        ProcessStartInfo start = new(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{path} did not start");
        using CancellationTokenSource deadline = new(patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token), error = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ProgramRun(process.ExitCode, await output, await error);
    }
}
