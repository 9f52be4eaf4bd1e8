using System.Runtime.InteropServices;

namespace Fota.UpdateServer.Rollouts;

/// <summary>How many members of a stage stand where. Kept up with every change, never counted anew.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Tally(int Waiting, int Granted, int Begun, int Confirmed, int Reported, int Failed, int Withdrawn, int Left, int Silent, int Deferred)
{
    /// <summary>All members, but those that left.</summary>
    public int Members => Waiting + Granted + Begun + Confirmed + Reported + Failed + Withdrawn;

    /// <summary>All that the stage took, also those that left since and that no later stage has taken.</summary>
    public int Taken => Members + Left;

    /// <summary>Those that were asked and are at it.</summary>
    public int InFlight => Granted + Begun;

    /// <summary>Those that run the release: confirmed where their reports are signed, else reported.</summary>
    public int Succeeded => Confirmed + Reported;

    /// <summary>Those that have come to an end: what verdicts rest on.</summary>
    public int Settled => Succeeded + Failed;

    public static Tally operator +(Tally a, Tally b) => new(
        a.Waiting + b.Waiting, a.Granted + b.Granted, a.Begun + b.Begun, a.Confirmed + b.Confirmed, a.Reported + b.Reported, a.Failed + b.Failed, a.Withdrawn + b.Withdrawn,
        a.Left + b.Left, a.Silent + b.Silent, a.Deferred + b.Deferred);

    /// <summary>The tally with one more member (1) or one less (-1) that stands where <paramref name="member"/> does.</summary>
    public Tally With(Member member, int by)
    {
        Tally tally = this with { Silent = Silent + (member.Silent ? by : 0), Deferred = Deferred + (member.Deferral is null ? 0 : by) };
        return member.Status switch
        {
            MemberStatus.Waiting => tally with { Waiting = Waiting + by },
            MemberStatus.Granted => tally with { Granted = Granted + by },
            MemberStatus.Begun => tally with { Begun = Begun + by },
            MemberStatus.Confirmed => tally with { Confirmed = Confirmed + by },
            MemberStatus.Reported => tally with { Reported = Reported + by },
            MemberStatus.Failed => tally with { Failed = Failed + by },
            MemberStatus.Withdrawn => tally with { Withdrawn = Withdrawn + by },
            MemberStatus.Left => tally with { Left = Left + by },
            _ => throw new ArgumentOutOfRangeException(nameof(member)),
        };
    }
}

/// <summary>A stage's tallies, by what stands behind the reports: one is never counted for the other.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StageTally(Tally Signed, Tally Unsigned)
{
    public Tally Both => Signed + Unsigned;

    public StageTally With(Member member, int by) => member.Evidence == Evidence.Signed ? this with { Signed = Signed.With(member, by) } : this with { Unsigned = Unsigned.With(member, by) };

    public static StageTally operator +(StageTally a, StageTally b) => new(a.Signed + b.Signed, a.Unsigned + b.Unsigned);
}
