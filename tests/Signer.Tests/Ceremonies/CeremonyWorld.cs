using System.Text.RegularExpressions;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>Ceremonies in a world: files that people would review, and runs with the PINs of its folder.</summary>
internal static partial class CeremonyWorld
{
    /// <summary>The id of no key.</summary>
    public const string NoKey = "0000000000000000000000000000000000000000000000000000000000000000";

    public const string RotateRoot =
        """
        version: 1
        kind: change
        reason: The keeper of root-1 leaves.
        roles: [root]
        addKeys: [root-4]
        removeKeys: [root-1]

        """;

    /// <summary>Writes a ceremony's file. Keys that are named by their labels alone get the ids that they have in the home, as `key make` said them.</summary>
    public static string Ceremony(this SignerWorld world, string yaml, string name = "change.yaml")
    {
        IReadOnlyList<KeySettings> keys = File.Exists(world.HomeFolder.Settings) ? world.HomeFolder.ReadSettings().Keys : [];
        File.WriteAllText(world.PathOf(name), AddedPattern().Replace(yaml, match => "addKeys: [" + string.Join(", ", match.Groups["labels"].Value.Split(", ").Select(label =>
            $"{{ label: {label}, keyId: {keys.FirstOrDefault(key => key.Label == label)?.KeyId ?? NoKey} }}")) + "]"));
        return world.PathOf(name);
    }

    public static string DigestOf(string file) => Sha256Digest.Of(File.ReadAllBytes(file)).ToString();

    public static Task<CommandResult> RunCeremonyAsync(this SignerWorld world, string file, string? keys = null, params string[] further) =>
        world.RunAsync(["ceremony", "run", file, "--home", world.Home, "--pin-dir", world.Pins, .. further.Contains("--ceremony") ? Array.Empty<string>() : ["--ceremony", DigestOf(file)], .. keys is null ? Array.Empty<string>() : ["--keys", keys], .. further]);

    /// <summary>The digest of the change in a package, as its keyholder would have seen it; zeros where there is none.</summary>
    public static string ChangeOf(string package)
    {
        try
        {
            return Proposal.Parse(File.ReadAllBytes(Path.Combine(package, "change", "proposal.json"))).Digest.ToString();
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or IOException)
        {
            return NoKey;
        }
    }

    /// <summary>The transcripts of changes, without their signatures.</summary>
    public static string[] Transcripts(this SignerWorld world) => Directory.GetFiles(world.HomeFolder.Transcript, "change-*.json");

    /// <summary>openssl's opinion of a signature; 0 if it is good.</summary>
    public static int Verify(this SignerWorld world, string label, string file, string signature) =>
        Programs.Run("openssl", "dgst", "-sha256", "-verify", Path.Combine(world.HomeFolder.Keys, label + ".pem"), "-signature", signature, file).ExitCode;

    /// <summary>Every file of the home with its content's digest, but the lock and the journal.</summary>
    public static string[] Files(this SignerWorld world) =>
    [
        .. Directory.GetFiles(world.Home, "*", SearchOption.AllDirectories)
            .Where(static file => !Path.GetFileName(file).StartsWith("journal.db", StringComparison.Ordinal) && Path.GetFileName(file) != "lock")
            .Order(StringComparer.Ordinal)
            .Select(static file => $"{file} {DigestOf(file)}"),
    ];

    [GeneratedRegex(@"addKeys: \[(?<labels>[a-z0-9-]+(, [a-z0-9-]+)*)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AddedPattern();
}
