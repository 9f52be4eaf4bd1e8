namespace Fota.UpdateServer.Configuration;

/// <summary>When something is to be looked at (docs/spec/alarms.md).</summary>
public sealed record AlarmSettings
{
    private const int MostDays = 3650, MostRefusals = 1_000_000;

    /// <summary>Days after which a device that was not heard of is told of; 0: never.</summary>
    public int SilentDays { get; init; } = 7;

    /// <summary>Requests that one server refuses within five minutes before it is told of; 0: never.</summary>
    public int Refusals { get; init; } = 300;

    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    internal void Validate()
    {
        if (SilentDays is < 0 or > MostDays)
        {
            throw new ConfigurationException($"alarms.silentDays: wanted 0 to {MostDays}, got {SilentDays}");
        }

        if (Refusals is < 0 or > MostRefusals)
        {
            throw new ConfigurationException($"alarms.refusals: wanted 0 to {MostRefusals}, got {Refusals}");
        }
    }
}
