using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.State;

/// <summary>The agent's state on the disk, and the copy of it in memory, which changes only after the disk did.</summary>
internal sealed class StateStore
{
    private const string FileName = "state/agent.json";

    // Reports that are not queued take their ordinals from a block reserved ahead, so that an idle device does not write with every check-in.
    private const int OrdinalBlock = 64;

    private readonly IDurableStore _store;
    private long _nextOrdinal;

    /// <summary>Reads the state.</summary>
    /// <exception cref="DeviceStateException">There is none, or it is unreadable.</exception>
    public StateStore(IDurableStore store)
    {
        _store = store;
        Current = StoredJson.Read(store, FileName, AgentState.Read);
        _nextOrdinal = Current.NextOrdinal;
    }

    public AgentState Current { get; private set; }

    /// <summary>The state of a new device, whose factory release counts as confirmed.</summary>
    public static void Manufacture(IDurableStore store, InstalledRelease release) => Write(store, new AgentState { Confirmed = release });

    /// <summary>Changes the state in one atomic, durable write; no change, no write.</summary>
    public void Update(Func<AgentState, AgentState> change)
    {
        AgentState next = change(Current);
        if (next == Current && _nextOrdinal <= Current.NextOrdinal)
        {
            return;
        }

        next = next with { NextOrdinal = Math.Max(next.NextOrdinal, _nextOrdinal) };
        Write(_store, next);
        Current = next;
    }

    /// <summary>Asks of the disk whether it can be written, by writing what is there.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public void DemandWritable() => Write(_store, Current);

    /// <summary>An ordinal for a report that is put into the state by the next <see cref="Update"/>.</summary>
    public long TakeOrdinal() => _nextOrdinal++;

    /// <summary>An ordinal for a report that is sent once and not kept.</summary>
    public long TakeReservedOrdinal()
    {
        if (_nextOrdinal >= Current.NextOrdinal)
        {
            Update(state => state with { NextOrdinal = _nextOrdinal + OrdinalBlock });
        }

        return _nextOrdinal++;
    }

    private static void Write(IDurableStore store, AgentState state) => store.Replace(FileName, StoredJson.Write(state.Write));
}
