using System.Diagnostics;
using Fota.Shared;

namespace Fota.Cli.Signing;

/// <summary>The fota-signer of this machine. PINs and tokens are known to its process alone.</summary>
internal static class LocalSigner
{
    private const string Override = "FOTA_SIGNER";

    /// <summary>Runs it. What it says goes to standard error: standard output is the service's answer.</summary>
    /// <exception cref="CommandFailedException">There is none, or it refused, in its own words.</exception>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        string signer = Environment.GetEnvironmentVariable(Override) ?? Path.Combine(Path.GetDirectoryName(Environment.ProcessPath)!, "fota-signer");
        if (!File.Exists(signer))
        {
            throw new CommandFailedException($"no signer at {signer}; put fota-signer beside fota, or name it in {Override}");
        }

        using Process process = Process.Start(new ProcessStartInfo(signer, arguments) { RedirectStandardOutput = true, UseShellExecute = false })
            ?? throw new CommandFailedException($"{signer} could not be started");
        await Console.Error.WriteAsync(Printable.Lines(await process.StandardOutput.ReadToEndAsync(cancellation)));
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
        {
            throw new CommandFailedException("nothing was signed, and nothing was sent");
        }
    }
}
