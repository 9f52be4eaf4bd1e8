using System.Formats.Cbor;
using Fota.Manifest.Encoding;
using Fota.Manifest.Suit;

namespace Fota.Manifest;

/// <summary>A SUIT_Component_Identifier: one or more byte strings, for example the path of a file or the number of a memory.</summary>
public sealed class ComponentId : IEquatable<ComponentId>
{
    /// <summary>Most segments.</summary>
    public const int MaxSegments = 16;

    private readonly byte[][] _segments;

    private ComponentId(byte[][] segments) => _segments = segments;

    /// <summary>The device's main image, h'00': the one component of a device that has one.</summary>
    public static ComponentId Main { get; } = new([[0x00]]);

    /// <summary>The segments.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Segments => [.. _segments.Select(static segment => (ReadOnlyMemory<byte>)segment)];

    /// <summary>Reads the form that <see cref="ToString"/> gives: hexadecimal segments with '/' between them.</summary>
    /// <exception cref="RejectedException">Not that form.</exception>
    public static ComponentId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('/');
        return parts.Length <= MaxSegments && parts.All(static part => part.Length % 2 == 0 && part.All(char.IsAsciiHexDigitLower))
            ? new ComponentId([.. parts.Select(static part => Convert.FromHexString(part))])
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"a component: wanted 1 to {MaxSegments} segments in lower-case hexadecimal with '/' between them, got {text.Length} characters");
    }

    /// <inheritdoc/>
    public bool Equals(ComponentId? other) =>
        other is not null && _segments.Length == other._segments.Length && _segments.Zip(other._segments).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ComponentId);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>Hexadecimal segments with '/' between them, for example "00".</summary>
    public override string ToString() => string.Join('/', _segments.Select(static segment => Convert.ToHexStringLower(segment)));

    internal static ComponentId Read(CborReader reader)
    {
        List<byte[]> segments = [];
        reader.ReadArray("component identifier", MaxSegments, _ => segments.Add(reader.ReadByteString()));
        return segments.Count > 0
            ? new ComponentId([.. segments])
            : throw new RejectedException(RejectionReason.ValueOutOfRange, "component identifier: wanted at least one segment, got none");
    }

    internal void Write(CborWriter writer) => writer.WriteArray(_segments, static (w, segment) => w.WriteByteString(segment));
}
