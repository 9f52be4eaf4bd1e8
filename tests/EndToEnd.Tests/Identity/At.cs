using System.Diagnostics;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Identity;

/// <summary>Runs programs with the clock that much ahead, as libfaketime fakes it; waits take as long as they take.</summary>
internal static class At
{
    private const string FakeTime = "/usr/bin/faketime";

    public static Task<ProgramRun> RunAsync(TimeSpan ahead, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments) =>
        ProgramRun.OfFileAsync(FakeTime, With(environment), ["-f", Text(ahead), program, .. arguments]);

    public static Process Start(TimeSpan ahead, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(FakeTime, ["-f", Text(ahead), program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in With(environment))
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> environment) => new(environment, StringComparer.Ordinal) { ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1" };

    private static string Text(TimeSpan ahead) => $"+{(long)ahead.TotalSeconds}";
}
