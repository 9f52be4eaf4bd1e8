using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>A transfer that is cut at 100 random points, in half of which the process ends as well: what is fetched in all, and what stands in the slot at every cut.</summary>
public sealed class CutDownloadTests
{
    private const int ImageSize = 16 * 1024 * 1024, ChunkSize = 4096, Cuts = 100;
    private const byte Untouched = 0xEE;
    private const double MostOfThePack = 1.02;

    private SampleRelease _factory = null!, _release = null!;
    private byte[] _delta = null!;

    [OneTimeSetUp]
    public void MakeReleases()
    {
        ulong state = 1;
        byte[] image = Noise(ImageSize, ref state), next = [.. image];
        DeltaForge? forge = null;
        for (int pass = 0; pass < 2; pass++)
        {
            for (int chunk = 0; chunk < ImageSize / ChunkSize; chunk++)
            {
                // Three of four chunks are new, the first one among them, which says the version.
                bool isNew = chunk % 4 != 3;
                if (pass == 0 && isNew)
                {
                    Noise(ChunkSize, ref state).CopyTo(next, chunk * ChunkSize);
                }

                _ = pass == 0 ? null : isNew ? forge!.Stored() : forge!.Copies(1, 0);
            }

            if (pass == 0)
            {
                Label(image, "1.0.0");
                Label(next, "1.1.0");
                _factory = SampleRelease.Create("1.0.0", sequence: 1, image: image);
                _release = SampleRelease.Create("1.1.0", sequence: 2, image: next);
                forge = new DeltaForge(_release, image);
            }
        }

        _delta = forge!.ToArray();
    }

    [TestCase(false, Category = "Full")]
    [TestCase(true, Category = "Full")]
    [Proves("W-37", "W-38", "W-40")]
    public async Task P1_A34_Download_cut_at_100_random_points_fetches_at_most_1_02_of_the_pack(bool byDelta)
    {
        using SimulatedDevice device = new(_factory, slotSize: ImageSize);
        device.Server.Offer(_release);
        if (byDelta)
        {
            device.Server.OfferDelta(_delta, _factory.Image);
        }

        string slot = device.Reader.PathOf(SlotName.B);
        await File.WriteAllBytesAsync(slot, Enumerable.Repeat(Untouched, ImageSize).ToArray());
        int pack = byDelta ? _delta.Length : _release.Pack.Length;
        ulong state = byDelta ? 11UL : 7UL;
        CuttingLine line = new([.. Enumerable.Range(0, Cuts).Select(_ => (long)(Next(ref state) % (ulong)pack))], () => Next(ref state) % 2 == 0)
        {
            OnCut = () => AssertProven(device, slot),
        };
        device.Server.Line = line.Send;

        UpdateAgent agent = device.PowerOn();
        AgentOutcome? outcome = null;
        while (outcome is not AgentOutcome.RebootRequested)
        {
            try
            {
                await agent.ResumeAsync(CancellationToken.None);
                outcome = await agent.CheckInAsync(CancellationToken.None);
                Assert.That(outcome, Is.InstanceOf<AgentOutcome.RebootRequested>(), string.Join('\n', device.Log.All));
            }
            catch (KilledException)
            {
                agent = device.StartAgent();
            }
        }

        double ofThePack = (double)line.Delivered / pack;
        TestContext.Out.WriteLine($"cuts {line.Drops + line.Kills} ({line.Kills} with the process), pack {pack} bytes, fetched {line.Delivered}, {ofThePack:0.0000} of the pack");
        Assert.That(Math.Min(line.Drops, line.Kills), Is.GreaterThan(Cuts / 3), "the case at hand: both");
        Assert.That(line.Drops + line.Kills, Is.EqualTo(Cuts));
        Assert.That(ofThePack, Is.LessThanOrEqualTo(MostOfThePack));
        Assert.That(device.Status.LastTransfer!.Kind, Is.EqualTo(byDelta ? TransferKind.Delta : TransferKind.Full));

        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));
        Assert.That((await File.ReadAllBytesAsync(slot)).AsSpan().SequenceEqual(_release.Image), Is.True);
    }

    private void AssertProven(SimulatedDevice device, string path)
    {
        byte[] slot = File.ReadAllBytes(path);
        HashSet<int> written = [.. device.Slots!.Written];
        for (int chunk = 0; chunk < ImageSize / ChunkSize; chunk++)
        {
            ReadOnlySpan<byte> stands = slot.AsSpan(chunk * ChunkSize, ChunkSize);
            bool isProven = stands.SequenceEqual(_release.Image.AsSpan(chunk * ChunkSize, ChunkSize));
            if (!isProven && (written.Contains(chunk) || stands.ContainsAnyExcept(Untouched)))
            {
                Assert.Fail($"chunk {chunk} in the slot is none of the image's");
            }
        }
    }

    private static void Label(byte[] image, string version) => SampleRelease.ImageOf(version, 256).AsSpan(0, 128).CopyTo(image);

    private static byte[] Noise(int length, ref ulong state)
    {
        byte[] noise = new byte[length];
        for (int i = 0; i < length; i += sizeof(ulong))
        {
            BitConverter.TryWriteBytes(noise.AsSpan(i), Next(ref state));
        }

        return noise;
    }

    // xorshift64*: a seeded generator of our own.
    private static ulong Next(ref ulong state)
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return unchecked(state * 0x2545F4914F6CDD1D) >> 11;
    }
}
