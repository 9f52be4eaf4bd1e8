using System.CommandLine;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Commands;

/// <summary>fota-signer release evidence. It needs no key: all of it is signed already.</summary>
internal static class EvidenceCommand
{
    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<ProductName> product = Arguments.Product();
        Option<ReleaseVersion> version = Arguments.Version();
        Option<string> output = Arguments.Required("--out", "FILE", "Where the bundle goes.");
        Command command = new("evidence", "Writes all that proves a published release into one file, which `fota audit verify-evidence` checks offline.") { home, product, version, output };
        command.SetAction(async (arguments, cancellation) =>
        {
            using SignerHome opened = await SignerHome.OpenAsync(new HomeFolder(arguments.GetRequiredValue(home)), host, cancellation);
            (byte[] bundle, long leftOut) = EvidenceMaking.Of(opened, arguments.GetRequiredValue(product), arguments.GetRequiredValue(version), host.Clock.GetUtcNow());
            DurableFile.Replace(Path.GetFullPath(arguments.GetRequiredValue(output)), bundle);
            await host.Out.WriteLineAsync($"evidence: {bundle.Length} bytes, SHA-256 {Sha256Digest.Of(bundle)}");
            if (leftOut > 0)
            {
                await host.Out.WriteLineAsync($"left out: {leftOut} older entries of the log about {arguments.GetRequiredValue(product)} {arguments.GetRequiredValue(version)} that do not name its manifest");
            }

            await host.Out.WriteLineAsync($"next: fota audit verify-evidence {arguments.GetRequiredValue(output)} --root root.json");
        });
        return command;
    }
}
