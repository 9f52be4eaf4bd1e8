using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Packs;

namespace Fota.TestKit;

/// <summary>A small release with everything that belongs to it: image, chunk table, pack, manifest, and envelopes signed by whom you like.</summary>
public sealed class SampleRelease
{
    public static readonly Guid Vendor = NameBasedUuid.Vendor("pumps.example");

    public static readonly Guid DeviceClass = NameBasedUuid.DeviceClass(Vendor, "infusion-pump rev B");

    private readonly Payload[] _payloads;

    private SampleRelease(Payload[] payloads, UpdateManifest manifest)
    {
        _payloads = payloads;
        Manifest = manifest;
    }

    /// <summary>The image; of a release with one for each slot, that for slot A.</summary>
    public byte[] Image => _payloads[0].Image;

    public ChunkTable Table => _payloads[0].Table;

    public byte[] EncodedTable => _payloads[0].Table.Encode();

    public byte[] Pack => _payloads[0].Pack;

    public UpdateManifest Manifest { get; }

    /// <summary>What the manifest says of <see cref="Image"/>.</summary>
    public ComponentImage Described => Manifest.Components[0].Images.For(ImageSlot.A);

    /// <summary>Every table and pack, at the path that the manifest names.</summary>
    public IEnumerable<(string Path, byte[] Content)> Blobs => _payloads.Index().SelectMany(item =>
    {
        ComponentImage described = Manifest.Components[0].Images.For((ImageSlot)item.Index);
        return new[] { (described.PackUri, item.Item.Pack), ($"tables/{described.ChunkTableDigest}", item.Item.Table.Encode()) };
    });

    public string TargetPath => $"infusion-pump/{Manifest.ReleaseVersion}/manifest.suit";

    /// <summary>Makes a release; <paramref name="change"/> may alter its manifest before it is signed.</summary>
    public static SampleRelease Create(string version = "1.1.0", ulong sequence = 2, uint security = 1, byte[]? image = null, int chunkSize = 4096, Func<UpdateManifest, UpdateManifest>? change = null)
    {
        Payload payload = Payload.Of(image ?? ImageOf(version, 10_000), chunkSize);
        return Create([payload], new ComponentImages.ForBothSlots(payload.Described), version, sequence, security, change);
    }

    /// <summary>Makes a release with an image for each slot, as for code that runs where it lies.</summary>
    public static SampleRelease CreatePerSlot(byte[] a, byte[] b, string version = "1.1.0", ulong sequence = 2, uint security = 1, Func<UpdateManifest, UpdateManifest>? change = null)
    {
        Payload[] payloads = [Payload.Of(a, 4096), Payload.Of(b, 4096)];
        return Create(payloads, new ComponentImages.PerSlot(payloads[0].Described, payloads[1].Described), version, sequence, security, change);
    }

    private static SampleRelease Create(Payload[] payloads, ComponentImages images, string version, ulong sequence, uint security, Func<UpdateManifest, UpdateManifest>? change)
    {
        UpdateManifest manifest = new()
        {
            Sequence = new SequenceNumber(sequence),
            VendorId = Vendor,
            ClassId = DeviceClass,
            Components = [new UpdateComponent(ComponentId.Main, images)],
            SecurityVersion = new SecurityVersion(security),
            ReleaseVersion = ReleaseVersion.Parse(version),
        };
        return new SampleRelease(payloads, change is null ? manifest : change(manifest));
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

    /// <summary>The delta pack that makes this release's image of <paramref name="baseImage"/>.</summary>
    public byte[] DeltaFrom(byte[] baseImage)
    {
        using MemoryStream pack = new();
        DeltaPackWriter.Write(Named(baseImage), Named(Image), Table, pack, level: 3);
        return pack.ToArray();
    }

    /// <summary>An image that lies in memory, and its name.</summary>
    public static DigestedImage Named(byte[] image) => new(new StreamImage(new MemoryStream(image), image.Length), Sha256Digest.Of(image));

    /// <summary>The envelope with one signature of each key, in that order.</summary>
    public SignedEnvelope SignedBy(params SoftwareKey[] keys) =>
        keys.Aggregate(SignedEnvelope.Begin(Manifest), static (envelope, key) => envelope.WithSignature(key.PublicKey, key.Sign(envelope.ToBeSigned(key.PublicKey))));

    private sealed record Payload(byte[] Image, ChunkTable Table, byte[] Pack, ComponentImage Described)
    {
        public static Payload Of(byte[] image, int chunkSize)
        {
            (ChunkTable table, Sha256Digest digest) = ChunkTable.Build(new MemoryStream(image), chunkSize);
            using MemoryStream stream = new();
            FullPackWriter.Write(new MemoryStream(image), table, digest, stream, level: 3);
            byte[] pack = stream.ToArray(), encoded = table.Encode();
            return new Payload(image, table, pack, new ComponentImage
            {
                ImageDigest = digest,
                ImageSize = image.Length,
                PackUri = $"packs/{Sha256Digest.Of(pack)}",
                ChunkTableDigest = Sha256Digest.Of(encoded),
                ChunkTableSize = encoded.Length,
            });
        }
    }
}
