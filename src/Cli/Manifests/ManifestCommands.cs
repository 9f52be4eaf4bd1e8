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
        Option<FileInfo[]> hashBased = new("--hash-based-key") { Description = "A trusted HSS/LMS public key (PEM), which must have signed as well. Repeat for each." };
        Command command = new("verify", "Verifies an envelope against trusted keys. Exit code 0: verified; 1: refused, with the reason.") { file, keys, threshold, hashBased };
        command.SetAction(parsed =>
        {
            VerificationKey[] trusted = Keys(parsed.GetRequiredValue(keys)), others = Keys(parsed.GetValue(hashBased) ?? []);
            RoleKeys role = new(trusted, parsed.GetValue(threshold) ?? trusted.Length);
            ReleaseAnchors anchors = others.Length == 0 ? ReleaseAnchors.Classical(role) : ReleaseAnchors.Hybrid(role, new RoleKeys(others, others.Length));
            VerifiedManifest manifest = VerifiedManifest.Verify(SignedEnvelope.Decode(Read(parsed.GetRequiredValue(file))).OrThrow(), anchors).OrThrow();
            Output.Line($"verified: {manifest.Content.ReleaseVersion}, sequence {manifest.Content.Sequence}, security version {manifest.Content.SecurityVersion}, manifest digest {manifest.Digest}, signed by {manifest.Signers.Count} of {trusted.Length + others.Length} keys");
        });
        return command;
    }

    private static VerificationKey[] Keys(FileInfo[] files) => [.. files.Select(static file => VerificationKey.FromPem(File.ReadAllText(file.FullName)))];

    private static Argument<FileInfo> FileArgument() => new Argument<FileInfo>("FILE") { Description = "The envelope, for example manifest.suit." }.AcceptExistingOnly();

    private static byte[] Read(FileInfo file)
    {
        using FileStream stream = file.OpenRead();
        byte[] bytes = new byte[Math.Min(stream.Length, Manifest.Encoding.DecodeLimits.EnvelopeBytes + 1)];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
