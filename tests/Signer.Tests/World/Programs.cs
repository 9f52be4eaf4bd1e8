using System.Diagnostics;

namespace Fota.Signer.Tests;

/// <summary>Other programs, for a second opinion.</summary>
internal static class Programs
{
    public static CommandResult Run(string program, params string[] arguments) => Run(new ProcessStartInfo(program, arguments));

    public static CommandResult Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    /// <summary>openssl verify, at the world's time.</summary>
    public static CommandResult Verify(SignerWorld world, string authority, string certificate, params string[] options) =>
        Run("openssl", ["verify", "-x509_strict", "-attime", world.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(), .. options, "-CAfile", authority, certificate]);
}
