using System.Formats.Cbor;

namespace Fota.Manifest.Encoding;

/// <summary>One header map of a COSE message (RFC 9052 section 3), as far as anything here depends on it.</summary>
/// <param name="Algorithm">`alg`, if it is a number.</param>
/// <param name="KeyId">`kid`.</param>
/// <param name="HasCritical">Whether `crit` is there.</param>
/// <param name="Count">How many parameters it has, known and unknown.</param>
internal sealed record CoseHeader(long? Algorithm, byte[]? KeyId, bool HasCritical, int Count)
{
    public const long AlgorithmLabel = 1, CriticalLabel = 2, KeyIdLabel = 4;

    public static CoseHeader Empty { get; } = new(null, null, HasCritical: false, 0);

    /// <summary>Reads a header map; labels are numbers or texts, and what is not known is passed over.</summary>
    public static CoseHeader Read(CborReader reader, string what)
    {
        CoseHeader header = Empty;
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            header = header with { Count = CborDoor.Counted(header.Count, what) };
            long? label = null;
            if (reader.PeekState() == CborReaderState.TextString)
            {
                reader.SkipValue();
            }
            else
            {
                label = reader.ReadInt64();
            }

            switch (label)
            {
                case AlgorithmLabel when reader.PeekState() is CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger:
                    header = header with { Algorithm = reader.ReadInt64() };
                    break;
                case KeyIdLabel:
                    header = header with { KeyId = reader.ReadByteString() };
                    break;
                case CriticalLabel:
                    header = header with { HasCritical = true };
                    reader.SkipValue();
                    break;
                default:
                    reader.SkipValue();
                    break;
            }
        }

        reader.ReadEndMap();
        return header;
    }
}
