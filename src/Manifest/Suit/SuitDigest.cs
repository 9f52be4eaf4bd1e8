using System.Formats.Cbor;
using System.Security.Cryptography;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Suit;

/// <summary>A SUIT_Digest of any algorithm.</summary>
/// <param name="Algorithm">Its number in "COSE Algorithms"; -16 is SHA-256.</param>
/// <param name="Value">The digest.</param>
public sealed record SuitDigest(long Algorithm, ReadOnlyMemory<byte> Value)
{
    /// <summary>Whether it is the digest of <paramref name="bytes"/>; false too where the algorithm is not one of SHA-2.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes) => Algorithm switch
    {
        SuitNumbers.Sha256 => SHA256.HashData(bytes).AsSpan().SequenceEqual(Value.Span),
        -43 => SHA384.HashData(bytes).AsSpan().SequenceEqual(Value.Span),
        -44 => SHA512.HashData(bytes).AsSpan().SequenceEqual(Value.Span),
        _ => false,
    };

    internal static SuitDigest Decode(ReadOnlyMemory<byte> bytes, string what) => CborDoor.Decode(bytes, what, reader => Read(reader, what));

    internal static SuitDigest Read(CborReader reader, string what)
    {
        long? algorithm = null;
        byte[]? value = null;
        reader.ReadArray(what, 2, index =>
        {
            if (index == 0)
            {
                algorithm = reader.ReadInt64();
            }
            else
            {
                value = reader.ReadByteString();
            }
        });
        return new SuitDigest(CborDoor.Require(algorithm, $"{what}: algorithm"), CborDoor.Require(value, $"{what}: digest"));
    }

    internal void Write(CborWriter writer)
    {
        writer.WriteStartArray(2);
        writer.WriteInt64(Algorithm);
        writer.WriteByteString(Value.Span);
        writer.WriteEndArray();
    }
}
