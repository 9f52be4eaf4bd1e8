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

    /// <summary>Makes changes that no report brought, wholly or not at all.</summary>
    void Apply(IReadOnlyList<AlarmChange> changes);
}
