namespace Fota.Manifest.Suit;

/// <summary>A SUIT_Manifest of any profile, as it was decoded.</summary>
/// <param name="Version">The format's version.</param>
/// <param name="Sequence">The sequence number.</param>
/// <param name="Common">What all sequences share.</param>
/// <param name="Members">Everything else, by member number: sequences, text, digests of severed members, references.</param>
public sealed record SuitManifest(ulong Version, ulong Sequence, SuitCommon Common, IReadOnlyList<SuitMember> Members);

/// <summary>suit-common.</summary>
/// <param name="Dependencies">Other manifests that this one needs.</param>
/// <param name="Components">What is installed, in their order; null where the list is absent.</param>
/// <param name="SharedSequence">Commands that run before every other sequence; null where it is absent.</param>
/// <param name="Others">Elements without a type here.</param>
public sealed record SuitCommon(
    IReadOnlyList<SuitDependency>? Dependencies,
    IReadOnlyList<ComponentId>? Components,
    IReadOnlyList<SuitCommand>? SharedSequence,
    IReadOnlyList<SuitParameter> Others);

/// <summary>A dependency (draft-ietf-suit-trust-domains).</summary>
/// <param name="Index">Its component index.</param>
/// <param name="Prefix">Where its components live; null where it has no prefix.</param>
/// <param name="Others">Metadata without a type here.</param>
public sealed record SuitDependency(long Index, ComponentId? Prefix, IReadOnlyList<SuitParameter> Others);

/// <summary>A member of a manifest, or a severed member beside it.</summary>
/// <param name="Number">Its number in the registry "SUIT Manifest Elements".</param>
/// <param name="Content">What it holds.</param>
public sealed record SuitMember(long Number, SuitContent Content);

/// <summary>What a member may hold.</summary>
public abstract record SuitContent
{
    private SuitContent()
    {
    }

    /// <summary>A command sequence.</summary>
    /// <param name="Content">The commands.</param>
    public sealed record Commands(IReadOnlyList<SuitCommand> Content) : SuitContent;

    /// <summary>Text for people.</summary>
    /// <param name="Content">The text.</param>
    public sealed record Text(SuitText Content) : SuitContent;

    /// <summary>The digest of a member that was severed from the manifest.</summary>
    /// <param name="Digest">Of the byte string with its CBOR head.</param>
    public sealed record Severed(SuitDigest Digest) : SuitContent;

    /// <summary>The manifest's own component identifier.</summary>
    /// <param name="Component">The identifier.</param>
    public sealed record Identifier(ComponentId Component) : SuitContent;

    /// <summary>Anything else.</summary>
    /// <param name="Content">The value.</param>
    public sealed record Other(SuitValue Content) : SuitContent;
}
