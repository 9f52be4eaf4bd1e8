using System.CommandLine;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.Cli.Manifests;

/// <summary>`fota manifest`: look at envelopes and verify them, offline.</summary>
internal static class ManifestCommands
{
    public static Command Create() => new("manifest", "Look at SUIT envelopes and verify them, offline.") { CreateShow(), CreateVerify() };

    private static Command CreateShow()
    {
        Argument<FileInfo> file = FileArgument();
        Command command = new("show", "Prints an envelope as JSON. Shows what it claims; proves nothing.") { file };
        command.SetAction(parsed => EnvelopeJson.Print(Read(parsed.GetRequiredValue(file))));
        return command;
    }

    private static Command CreateVerify()
    {
        Argument<FileInfo> file = FileArgument();
        Option<FileInfo[]> keys = new("--key") { Description = "A trusted public key (PEM). Repeat for each.", Required = true };
        Option<int?> threshold = new("--threshold") { Description = "How many distinct keys must have signed; all of them by default." };
        Command command = new("verify", "Verifies an envelope against trusted keys. Exit code 0: verified; 1: refused, with the reason.") { file, keys, threshold };
        command.SetAction(parsed =>
        {
            VerificationKey[] trusted = [.. parsed.GetRequiredValue(keys).Select(static k => VerificationKey.FromPem(File.ReadAllText(k.FullName)))];
            RoleKeys anchors = new(trusted, parsed.GetValue(threshold) ?? trusted.Length);
            VerifiedManifest manifest = VerifiedManifest.Verify(Read(parsed.GetRequiredValue(file)), anchors).OrThrow();
            Console.Out.WriteLine($"verified: {manifest.Content.ReleaseVersion}, sequence {manifest.Content.Sequence}, security version {manifest.Content.SecurityVersion}, manifest digest {manifest.Digest}, signed by {manifest.Signers.Count} of {anchors.Keys.Count} keys");
        });
        return command;
    }

    private static Argument<FileInfo> FileArgument() => new Argument<FileInfo>("FILE") { Description = "The envelope, for example manifest.suit." }.AcceptExistingOnly();

    private static SignedEnvelope Read(FileInfo file)
    {
        using FileStream stream = file.OpenRead();
        byte[] bytes = new byte[Math.Min(stream.Length, Manifest.Encoding.DecodeLimits.EnvelopeBytes + 1)];
        stream.ReadExactly(bytes);
        return SignedEnvelope.Decode(bytes).OrThrow();
    }
}
