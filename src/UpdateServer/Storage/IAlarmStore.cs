using Fota.UpdateServer.Alarms;

namespace Fota.UpdateServer.Storage;

/// <summary>Keeps alarms: each is raised once, lasts, and is cleared once, with an entry of the log at both ends.</summary>
internal interface IAlarmStore
{
    /// <summary>Those that last.</summary>
    IReadOnlyList<Alarm> Open();

    /// <summary>The newest before number <paramref name="before"/>, in falling order.</summary>
    /// <param name="before">Where to begin.</param>
    /// <param name="most">How many.</param>
    /// <param name="all">Whether those that are over come as well.</param>
    IReadOnlyList<Alarm> Page(long before, int most, bool all);

    /// <summary>Makes changes that no report brought, wholly or not at all. One that lasts already and begins again was seen again; one that does not last for <see cref="AlarmChange.Least"/> yet does not end.</summary>
    void Apply(IReadOnlyList<AlarmChange> changes);

    /// <summary>When alarms were judged, in the order of the beginnings.</summary>
    IReadOnlyList<Watch> Watches();

    /// <summary>Keeps a watch, in place of a shorter one of the same beginning.</summary>
    void Keep(Watch watch);
}
