using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Suit;

/// <summary>A parameter's value or a command's argument. What has no type here is kept as it came, so that nothing is lost.</summary>
public abstract record SuitValue
{
    private SuitValue()
    {
    }

    /// <summary>Any integer of CBOR.</summary>
    /// <param name="Value">From -2^64 to 2^64 - 1.</param>
    public sealed record Number(Int128 Value) : SuitValue;

    /// <summary>A byte string.</summary>
    /// <param name="Content">Its content.</param>
    public sealed record Bytes(ReadOnlyMemory<byte> Content) : SuitValue;

    /// <summary>A text string.</summary>
    /// <param name="Content">Its content.</param>
    public sealed record Text(string Content) : SuitValue;

    /// <summary>A SUIT_Digest wrapped into a byte string (image digest).</summary>
    /// <param name="Content">The digest.</param>
    public sealed record Digest(SuitDigest Content) : SuitValue;

    /// <summary>A version comparison wrapped into a byte string.</summary>
    /// <param name="Content">The comparison.</param>
    public sealed record Version(VersionComparison Content) : SuitValue;

    /// <summary>Any other item.</summary>
    /// <param name="Encoded">Its CBOR.</param>
    public sealed record Raw(ReadOnlyMemory<byte> Encoded) : SuitValue;

    internal static SuitValue Read(CborReader reader)
    {
        switch (reader.PeekState())
        {
            case CborReaderState.UnsignedInteger:
                return new Number(reader.ReadUInt64());
            case CborReaderState.NegativeInteger:
                return new Number(-1 - (Int128)reader.ReadCborNegativeIntegerRepresentation());
            case CborReaderState.ByteString:
                return new Bytes(reader.ReadByteString());
            case CborReaderState.TextString:
                return new Text(reader.ReadTextString());
            default:
                return new Raw(reader.ReadEncodedValue().ToArray());
        }
    }

    /// <summary>Reads the value of a parameter, whose number says more than its CBOR type.</summary>
    internal static SuitValue ReadParameter(CborReader reader, long number) => number switch
    {
        SuitNumbers.ParameterImageDigest => new Digest(SuitDigest.Decode(reader.ReadByteString(), "image digest")),
        SuitNumbers.ParameterVersion => new Version(VersionComparison.Decode(reader.ReadByteString())),
        _ => Read(reader),
    };

    internal void Write(CborWriter writer)
    {
        switch (this)
        {
            case Number { Value: var number } when number >= 0:
                writer.WriteUInt64((ulong)number);
                break;
            case Number negative:
                writer.WriteCborNegativeIntegerRepresentation((ulong)(-1 - negative.Value));
                break;
            case Bytes bytes:
                writer.WriteByteString(bytes.Content.Span);
                break;
            case Text text:
                writer.WriteTextString(text.Content);
                break;
            case Digest digest:
                writer.WriteByteString(SuitCbor.Item(digest.Content.Write));
                break;
            case Version version:
                writer.WriteByteString(SuitCbor.Item(version.Content.Write));
                break;
            case Raw raw:
                writer.WriteEncodedValue(raw.Encoded.Span);
                break;
            default:
                throw new InvalidOperationException("the set of values is closed");
        }
    }
}
