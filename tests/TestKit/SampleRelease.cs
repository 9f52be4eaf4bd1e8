using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Packs;

namespace Fota.TestKit;

/// <summary>A small release with everything that belongs to it: image, chunk table, pack, manifest, and envelopes signed by whom you like.</summary>
public sealed class SampleRelease
{
    public static readonly Guid Vendor = NameBasedUuid.Vendor("pumps.example");

    public static readonly Guid DeviceClass = NameBasedUuid.DeviceClass(Vendor, "infusion-pump rev B");

    private SampleRelease(byte[] image, ChunkTable table, byte[] pack, UpdateManifest manifest)
    {
        Image = image;
        Table = table;
        EncodedTable = table.Encode();
        Pack = pack;
        Manifest = manifest;
    }

    public byte[] Image { get; }

    public ChunkTable Table { get; }

    public byte[] EncodedTable { get; }

    public byte[] Pack { get; }

    public UpdateManifest Manifest { get; }

    public string TargetPath => $"infusion-pump/{Manifest.ReleaseVersion}/manifest.suit";

    /// <summary>Makes a release; <paramref name="change"/> may alter its manifest before it is signed.</summary>
    public static SampleRelease Create(string version = "1.1.0", ulong sequence = 2, uint security = 1, byte[]? image = null, int chunkSize = 4096, Func<UpdateManifest, UpdateManifest>? change = null)
    {
        image ??= ImageOf(version, 10_000);
        (ChunkTable table, Sha256Digest digest) = ChunkTable.Build(new MemoryStream(image), chunkSize);
        using MemoryStream pack = new();
        FullPackWriter.Write(new MemoryStream(image), table, digest, pack, level: 3);
        byte[] encodedTable = table.Encode();
        UpdateManifest manifest = new()
        {
            Sequence = new SequenceNumber(sequence),
            VendorId = Vendor,
            ClassId = DeviceClass,
            ImageDigest = digest,
            ImageSize = image.Length,
            PackUri = $"packs/{Sha256Digest.Of(pack.ToArray())}",
            ChunkTableDigest = Sha256Digest.Of(encodedTable),
            ChunkTableSize = encodedTable.Length,
            SecurityVersion = new SecurityVersion(security),
            ReleaseVersion = ReleaseVersion.Parse(version),
        };
        return new SampleRelease(image, table, pack.ToArray(), change is null ? manifest : change(manifest));
    }

    /// <summary>An image as the sample pump's generator makes them: a header that says version and health, then filler that depends on the version.</summary>
    public static byte[] ImageOf(string version, int size, string health = "ok")
    {
        byte[] image = new byte[size];
        uint state = (uint)version.Sum(static c => c);
        for (int i = 0; i < size; i++)
        {
            state = unchecked((state * 1664525) + 1013904223);
            image[i] = (byte)((state >> 24) & 0x3F);
        }

        System.Text.Encoding.ASCII.GetBytes($"FOTA-SAMPLE-PUMP\nversion={version}\nhealth={health}\n\n").CopyTo(image, 0);
        return image;
    }

    /// <summary>The envelope with one signature of each key, in that order.</summary>
    public SignedEnvelope SignedBy(params SoftwareKey[] keys) =>
        keys.Aggregate(SignedEnvelope.Begin(Manifest), static (envelope, key) => envelope.WithSignature(key.PublicKey, key.Sign(envelope.ToBeSigned(key.PublicKey))));
}
