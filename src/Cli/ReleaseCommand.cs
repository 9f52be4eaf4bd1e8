using System.CommandLine;
using System.Diagnostics;

namespace Fota.Cli;

/// <summary>
/// `fota release ...` hands over to `fota-signer release ...`, word for word, so that PINs and tokens are only ever known to the signer's own
/// process.
/// </summary>
internal static class ReleaseCommand
{
    private const string Override = "FOTA_SIGNER";

    public static Command Create()
    {
        // Options are the signer's, so they are not declared here; without this they would be taken for mistakes.
        Command command = new("release", "Create, approve, publish, re-issue and list releases: runs `fota-signer release ...` (beside this program, or the one that FOTA_SIGNER names).")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.UnmatchedTokens, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        string signer = Environment.GetEnvironmentVariable(Override) ?? Path.Combine(Path.GetDirectoryName(Environment.ProcessPath)!, "fota-signer");
        if (!File.Exists(signer))
        {
            throw new CommandFailedException($"no signer at {signer}; put fota-signer beside fota, or name it in {Override}");
        }

        using Process process = Process.Start(new ProcessStartInfo(signer, ["release", .. arguments]))
            ?? throw new CommandFailedException($"{signer} could not be started");
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }
}
