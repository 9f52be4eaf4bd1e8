using System.Formats.Cbor;

namespace Fota.Manifest.Encoding;

/// <summary>Writes an <see cref="UpdateManifest"/> as SUIT_Manifest, deterministic CBOR throughout (docs/spec/manifest.md).</summary>
internal static class ManifestEncoder
{
    public static byte[] Encode(UpdateManifest manifest) => Map(
        (SuitNumbers.ManifestVersion, w => w.WriteInt32(1)),
        (SuitNumbers.SequenceNumber, w => w.WriteUInt64(manifest.Sequence.Value)),
        (SuitNumbers.Common, w => w.WriteByteString(Common(manifest))),
        (SuitNumbers.Validate, w => w.WriteByteString(Validate())),
        (SuitNumbers.Install, w => w.WriteByteString(Install(manifest))));

    /// <summary>SUIT_Digest of SHA-256.</summary>
    public static byte[] Digest(Sha256Digest digest)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartArray(2);
        writer.WriteInt64(SuitNumbers.Sha256);
        writer.WriteByteString(digest.Bytes);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] Common(UpdateManifest manifest) => Map(
        (SuitNumbers.Components, WriteComponents),
        (SuitNumbers.SharedSequence, w => w.WriteByteString(Shared(manifest))));

    private static byte[] Shared(UpdateManifest manifest)
    {
        List<(long, Action<CborWriter>)> parameters =
        [
            (SuitNumbers.ParameterVendor, w => w.WriteByteString(manifest.VendorId.ToByteArray(bigEndian: true))),
            (SuitNumbers.ParameterClass, w => w.WriteByteString(manifest.ClassId.ToByteArray(bigEndian: true))),
            (SuitNumbers.ParameterImageDigest, w => w.WriteByteString(Digest(manifest.ImageDigest))),
            (SuitNumbers.ParameterImageSize, w => w.WriteInt64(manifest.ImageSize)),
        ];
        List<(long, Action<CborWriter>)> commands =
        [
            (SuitNumbers.DirectiveOverrideParameters, w => w.WriteEncodedValue(Map([.. parameters]))),
            (SuitNumbers.ConditionVendor, WritePolicy),
            (SuitNumbers.ConditionClass, WritePolicy),
        ];
        if (manifest.DeviceId is Guid device)
        {
            parameters.Add((SuitNumbers.ParameterDevice, w => w.WriteByteString(device.ToByteArray(bigEndian: true))));
            commands.Add((SuitNumbers.ConditionDevice, WritePolicy));
        }

        return Sequence([.. commands]);
    }

    private static byte[] Validate() => Sequence((SuitNumbers.ConditionImageMatch, WritePolicy));

    private static byte[] Install(UpdateManifest manifest)
    {
        byte[] arguments = Map(
            (SuitNumbers.FetchChunkTableDigest, w => w.WriteByteString(manifest.ChunkTableDigest.Bytes)),
            (SuitNumbers.FetchChunkTableSize, w => w.WriteInt32(manifest.ChunkTableSize)),
            (SuitNumbers.FetchSecurityVersion, w => w.WriteUInt32(manifest.SecurityVersion.Value)),
            (SuitNumbers.FetchReleaseVersion, w => w.WriteTextString(manifest.ReleaseVersion.ToString())));
        byte[] parameters = Map(
            (SuitNumbers.ParameterUri, w => w.WriteTextString(manifest.PackUri)),
            (SuitNumbers.ParameterFetchArguments, w => w.WriteByteString(arguments)));
        return Sequence(
            (SuitNumbers.DirectiveOverrideParameters, w => w.WriteEncodedValue(parameters)),
            (SuitNumbers.DirectiveFetch, w => w.WriteUInt64(SuitNumbers.ReportFetchFailure)),
            (SuitNumbers.ConditionImageMatch, WritePolicy));
    }

    private static void WriteComponents(CborWriter writer)
    {
        writer.WriteStartArray(1);
        writer.WriteStartArray(1);
        writer.WriteByteString(SuitNumbers.ComponentIdentifier);
        writer.WriteEndArray();
        writer.WriteEndArray();
    }

    private static void WritePolicy(CborWriter writer) => writer.WriteUInt64(SuitNumbers.ReportAlways);

    private static byte[] Map(params (long Key, Action<CborWriter> Value)[] pairs)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(pairs.Length);
        foreach ((long key, Action<CborWriter> value) in pairs)
        {
            writer.WriteInt64(key);
            value(writer);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] Sequence(params (long Command, Action<CborWriter> Argument)[] commands)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartArray(2 * commands.Length);
        foreach ((long command, Action<CborWriter> argument) in commands)
        {
            writer.WriteInt64(command);
            argument(writer);
        }

        writer.WriteEndArray();
        return writer.Encode();
    }
}
