using Fota.Manifest.Keys;
using Fota.Signer.Journal;

namespace Fota.Signer.Keys.Policies;

/// <summary>The words that policies are written in.</summary>
internal static class PolicyWords
{
    public const string Root = "root", Targets = "targets", Online = "online", Product = "product", Authority = "authority", Log = "log";

    public const string Suit = "suit", Tuf = "tuf", X509 = "x509", Statement = "statement", Note = "note";

    public static IReadOnlyList<string> Roles { get; } = [Root, Targets, Online, Product, Authority, Log];

    public static IReadOnlyList<string> Formats { get; } = [Suit, Tuf, X509, Statement, Note];

    public static IReadOnlyList<string> Mechanisms { get; } =
        [.. new[] { SignatureAlgorithm.Esp256, SignatureAlgorithm.Esp384, SignatureAlgorithm.Ed25519, SignatureAlgorithm.Ps256 }.Select(MechanismOf)];

    /// <summary>The role that a signature speaks for; null where a key speaks for itself alone.</summary>
    public static string? RoleOf(SigningPurpose purpose) => purpose switch
    {
        SigningPurpose.Root => Root,
        SigningPurpose.Targets => Targets,
        SigningPurpose.Snapshot or SigningPurpose.Timestamp => Online,
        SigningPurpose.SuitManifest or SigningPurpose.ProductRole => Product,
        SigningPurpose.Certificate => Authority,
        SigningPurpose.LogCheckpoint => Log,
        SigningPurpose.Transcript or SigningPurpose.NewKey or SigningPurpose.KeyPossession or SigningPurpose.Ceremony => null,
        _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "no policy knows this purpose"),
    };

    /// <summary>What is signed: a SUIT envelope, TUF metadata, a certificate, or a text of our own for people and scripts.</summary>
    public static string FormatOf(SigningPurpose purpose) => purpose switch
    {
        SigningPurpose.SuitManifest => Suit,
        SigningPurpose.Root or SigningPurpose.Targets or SigningPurpose.Snapshot or SigningPurpose.Timestamp or SigningPurpose.ProductRole => Tuf,
        SigningPurpose.Certificate => X509,
        SigningPurpose.LogCheckpoint => Note,
        SigningPurpose.Transcript or SigningPurpose.NewKey or SigningPurpose.KeyPossession or SigningPurpose.Ceremony => Statement,
        _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "no policy knows this purpose"),
    };

    /// <summary>The one mechanism that a key of this algorithm signs by; the message has no say in it (A24).</summary>
    public static string MechanismOf(SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.Esp256 => "ecdsa-p256-sha256",
        SignatureAlgorithm.Esp384 => "ecdsa-p384-sha384",
        SignatureAlgorithm.Ed25519 => "ed25519",
        SignatureAlgorithm.Ps256 => "rsa-pss-sha256",
        _ => $"{algorithm}",
    };
}
