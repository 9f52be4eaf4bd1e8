using System.Text;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Health;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.Storage;

namespace Fota.Samples.Board;

/// <summary>"Runs" a sample image: it does what the image's header says, which is to be well or not.</summary>
internal sealed class PumpFirmware
{
    private const string Magic = "FOTA-SAMPLE-PUMP";
    private const string HealthLine = "health=";
    private const string Failure = "fail: ";
    private const int HeaderSize = 512;

    private readonly ISlotReader _slots;
    private readonly IDurableStore _store;

    /// <summary>Firmware of the board whose slots and store these are.</summary>
    public PumpFirmware(ISlotReader slots, IDurableStore store)
    {
        _slots = slots;
        _store = store;
    }

    /// <summary>Starts the image in <paramref name="slot"/> and leaves the result of its self-test for the agent.</summary>
    public void Run(SlotName slot)
    {
        using Stream image = _slots.OpenForReading(slot);
        byte[] header = new byte[HeaderSize];
        int length = image.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        FileHealthCheck.Report(_store, SelfTest(Encoding.ASCII.GetString(header, 0, length)));
    }

    private static string? SelfTest(string header)
    {
        string[] lines = header.Split("\n\n", 2)[0].Split('\n');
        string health = lines.FirstOrDefault(static line => line.StartsWith(HealthLine, StringComparison.Ordinal))?[HealthLine.Length..] ?? "";
        if (lines[0] != Magic)
        {
            return "the image is no sample pump";
        }

        return health is "ok" ? null : health.StartsWith(Failure, StringComparison.Ordinal) ? health[Failure.Length..] : $"the self-test says \"{health}\"";
    }
}
