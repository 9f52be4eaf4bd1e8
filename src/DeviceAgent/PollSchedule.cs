using Fota.DeviceAgent.Configuration;

namespace Fota.DeviceAgent;

/// <summary>
/// When the device asks again. The server says when it wants to hear, the device how often at most; without a server the waits grow. Some chance is added, so that a fleet
/// that was switched on at once does not stay in step, and never taken off: the server said not before.
/// </summary>
internal sealed class PollSchedule
{
    private static readonly TimeSpan s_longestGrown = TimeSpan.FromMinutes(5);

    private readonly TimeSpan _floor;
    private readonly NetworkSettings _network;
    private readonly Func<double> _chance;
    private TimeSpan _before;

    /// <param name="floor">The shortest wait.</param>
    /// <param name="network">The bounds.</param>
    /// <param name="chance">Gives a number from 0 up to, not including, 1, another each time.</param>
    public PollSchedule(TimeSpan floor, NetworkSettings network, Func<double> chance)
    {
        _floor = floor;
        _network = network;
        _chance = chance;
        _before = floor;
    }

    /// <summary>The wait after <paramref name="outcome"/>: at least what is wanted, and at most <see cref="NetworkSettings.PollJitter"/> of it more.</summary>
    public TimeSpan Next(AgentOutcome outcome)
    {
        TimeSpan wanted = outcome switch
        {
            AgentOutcome.Idle idle => idle.NextCheckIn,
            AgentOutcome.Refused { NextCheckIn: { } next } => next,
            AgentOutcome.Deferred deferred => deferred.NextCheckIn,
            AgentOutcome.OnTrial onTrial => onTrial.NextCheckIn,
            AgentOutcome.Unavailable { RetryAfter: { } asked } => asked < _network.MaxRetryAfter ? asked : _network.MaxRetryAfter,
            _ => _before * 2 < s_longestGrown ? _before * 2 : s_longestGrown,
        };
        _before = wanted > _floor ? wanted : _floor;
        return _before + (_before * _network.PollJitter * _chance());
    }
}
