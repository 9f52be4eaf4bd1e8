namespace Fota.DeviceAgent.Boot;

/// <summary>
/// What the boot record says of one slot, as libavb_ab has it. A combination that no rule produces is unbootable: it was not written by
/// us, or not wholly.
/// </summary>
public sealed record SlotBootState
{
    /// <summary>Highest priority.</summary>
    public const int MaxPriority = 15;

    /// <summary>Trial boots that a newly activated slot is given.</summary>
    public const int TrialBoots = 3;

    private const int MaxTries = 7;

    private SlotBootState(int priority, int tries, bool successful)
    {
        Priority = priority;
        Tries = tries;
        Successful = successful;
    }

    /// <summary>Never started.</summary>
    public static SlotBootState Unbootable { get; } = new(0, 0, successful: false);

    /// <summary>0 is unbootable; else the higher one is started first.</summary>
    public int Priority { get; }

    /// <summary>Boots left to a slot that is on trial.</summary>
    public int Tries { get; }

    /// <summary>Whether a boot of this slot was confirmed; its tries are not counted.</summary>
    public bool Successful { get; }

    /// <summary>On trial, with boots left.</summary>
    public bool IsPending => Priority > 0 && !Successful && Tries > 0;

    /// <summary>Was on trial, and no boot is left.</summary>
    public bool IsExhausted => Priority > 0 && !Successful && Tries == 0;

    /// <summary>May be started now.</summary>
    public bool IsBootable => Successful || IsPending;

    /// <summary>The state with these values, or <see cref="Unbootable"/> when they contradict each other.</summary>
    public static SlotBootState From(int priority, int tries, bool successful)
    {
        bool inRange = priority is >= 1 and <= MaxPriority && tries is >= 0 and <= MaxTries;
        return inRange && !(successful && tries > 0) ? new SlotBootState(priority, tries, successful) : Unbootable;
    }

    /// <summary>A slot that holds a proven image and was not started yet.</summary>
    public static SlotBootState Trial(int priority) => From(priority, TrialBoots, successful: false);

    /// <summary>A slot whose boot was confirmed.</summary>
    public static SlotBootState Good(int priority) => From(priority, 0, successful: true);

    /// <summary>The slot with other tries.</summary>
    public SlotBootState WithTries(int tries) => From(Priority, tries, Successful);

    /// <summary>The slot with another priority.</summary>
    public SlotBootState WithPriority(int priority) => From(priority, Tries, Successful);
}
