namespace Fota.UpdateServer.Configuration;

/// <summary>When something is to be looked at (docs/spec/alarms.md).</summary>
public sealed record AlarmSettings
{
    private const int MostDays = 3650, MostRefusals = 1_000_000, MostMinutes = 525_600;

    /// <summary>Days after which a device that was not heard of is told of; 0: never.</summary>
    public int SilentDays { get; init; } = 7;

    /// <summary>Requests that one server refuses within five minutes before it is told of; 0: never.</summary>
    public int Refusals { get; init; } = 300;

    /// <summary>Minutes that an entry of the server's log may wait for the signer; 0: for ever; null: an hour, and for ever in a development server whose log nobody ever signed for.</summary>
    public int? UnsignedMinutes { get; init; }

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

        if (UnsignedMinutes is < 0 or > MostMinutes)
        {
            throw new ConfigurationException($"alarms.unsignedMinutes: wanted 0 to {MostMinutes}, got {UnsignedMinutes}");
        }
    }
}
