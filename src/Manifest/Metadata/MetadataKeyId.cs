using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>
/// The name of a key in TUF metadata. In our profile it is the key's <see cref="KeyId"/>; other writers name keys as they like (TAP 12). It is a hint
/// where to look, never a proof: thresholds count distinct public keys, whatever they are called (A11).
/// </summary>
/// <param name="Text">As it stands in the file.</param>
public sealed record MetadataKeyId(string Text)
{
    /// <summary>The name of <paramref name="key"/> in our profile.</summary>
    public static MetadataKeyId Of(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(key.Id.ToString());
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
