using Fota.Manifest.Suit;

namespace Fota.Manifest.Encoding;

/// <summary>Our map in suit-parameter-fetch-arguments, the one extension point that other SUIT processors pass over.</summary>
/// <param name="ChunkTableDigest">SHA-256 of the image's encoded chunk table.</param>
/// <param name="ChunkTableSize">Its length in bytes.</param>
/// <param name="SecurityVersion">The release's security version.</param>
/// <param name="ReleaseVersion">The release's version.</param>
/// <param name="Override">The gates that the release may pass although they are closed; not written when there are none.</param>
/// <param name="Sbom">SHA-256 of the release's bill of materials; not written when it has none.</param>
internal sealed record FetchArguments(Sha256Digest ChunkTableDigest, int ChunkTableSize, SecurityVersion SecurityVersion, ReleaseVersion ReleaseVersion, GateOverride Override, Sha256Digest? Sbom)
{
    public byte[] Encode() => SuitCbor.Item(writer => writer.WriteMap(
    [
        (SuitNumbers.FetchChunkTableDigest, w => w.WriteByteString(ChunkTableDigest.Bytes)),
        (SuitNumbers.FetchChunkTableSize, w => w.WriteInt32(ChunkTableSize)),
        (SuitNumbers.FetchSecurityVersion, w => w.WriteUInt32(SecurityVersion.Value)),
        (SuitNumbers.FetchReleaseVersion, w => w.WriteTextString(ReleaseVersion.ToString())),
        .. Override.Gates.Count > 0 ? [(SuitNumbers.FetchGateOverride, Override.Write)] : ((long, Action<System.Formats.Cbor.CborWriter>)[])[],
        .. Sbom is not null ? [(SuitNumbers.FetchSbomDigest, w => w.WriteByteString(Sbom.Bytes))] : ((long, Action<System.Formats.Cbor.CborWriter>)[])[],
    ]));

    public static FetchArguments Decode(ReadOnlyMemory<byte> bytes)
    {
        DeterministicCbor.Require(bytes.Span, "fetch arguments");
        return CborDoor.Decode(bytes, "fetch arguments", static reader =>
        {
            byte[]? digest = null, sbom = null;
            long? size = null;
            uint? security = null;
            string? release = null;
            GateOverride gates = GateOverride.None;
            reader.ReadMap("fetch arguments", field =>
            {
                switch (field)
                {
                    case SuitNumbers.FetchChunkTableDigest:
                        digest = reader.ReadByteString();
                        break;
                    case SuitNumbers.FetchChunkTableSize:
                        size = reader.ReadInt64();
                        break;
                    case SuitNumbers.FetchSecurityVersion:
                        security = reader.ReadUInt32();
                        break;
                    case SuitNumbers.FetchReleaseVersion:
                        release = reader.ReadTextString();
                        break;
                    case SuitNumbers.FetchGateOverride:
                        gates = GateOverride.Read(reader);
                        break;
                    case SuitNumbers.FetchSbomDigest:
                        sbom = reader.ReadByteString();
                        break;
                    default:
                        throw ManifestDecoder.Unsupported($"fetch arguments: field {field}");
                }
            });
            return new FetchArguments(
                Sha256Digest.FromBytes(CborDoor.Require(digest, "chunk table digest")),
                (int)ManifestDecoder.InRange(CborDoor.Require(size, "chunk table size"), 1, Packs.ChunkTable.MaxEncodedSize, "chunk table size"),
                new SecurityVersion(CborDoor.Require(security, "security version")),
                ReleaseVersion.Parse(CborDoor.Require(release, "release version")),
                gates,
                sbom is null ? null : Sha256Digest.FromBytes(sbom));
        });
    }
}
