using Fota.DeviceAgent.Boot;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A boot record that a failing medium holds, from when a test says so.</summary>
internal sealed class StubbornRecords(IBootRecordStore records) : IBootRecordStore
{
    public bool TakesNothing { get; set; }

    public BootRecord? Read() => records.Read();

    public void Write(BootRecord record)
    {
        if (TakesNothing)
        {
            throw new IOException("the medium takes nothing");
        }

        records.Write(record);
    }
}
