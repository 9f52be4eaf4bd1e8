using Fota.Manifest;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>Ceremonies in a world: files that people would review, and runs with the PINs of its folder.</summary>
internal static class CeremonyWorld
{
    public const string RotateRoot =
        """
        version: 1
        kind: change
        reason: The keeper of root-1 leaves.
        roles: [root]
        addKeys: [root-4]
        removeKeys: [root-1]

        """;

    /// <summary>Writes a ceremony's file.</summary>
    public static string Ceremony(this SignerWorld world, string yaml, string name = "change.yaml")
    {
        File.WriteAllText(world.PathOf(name), yaml);
        return world.PathOf(name);
    }

    public static string DigestOf(string file) => Sha256Digest.Of(File.ReadAllBytes(file)).ToString();

    public static Task<CommandResult> RunCeremonyAsync(this SignerWorld world, string file, string? keys = null, params string[] further) =>
        world.RunAsync(["ceremony", "run", file, "--home", world.Home, "--pin-dir", world.Pins, .. keys is null ? Array.Empty<string>() : ["--keys", keys], .. further]);

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
}
