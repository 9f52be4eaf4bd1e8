namespace Fota.DeviceAgent.Diagnosing;

/// <summary>What a look at one part of the device came to.</summary>
internal enum FindingState
{
    /// <summary>It is as it should be.</summary>
    Good = 1,

    /// <summary>It hinders nothing now, and somebody may want to know it.</summary>
    Notable = 2,

    /// <summary>Updates fail for it, or would.</summary>
    Wrong = 3,
}

/// <summary>What was found of one part of the device.</summary>
/// <param name="Part">The part.</param>
/// <param name="State">How it is.</param>
/// <param name="Detail">What was found, for people; where it is wrong, what was wanted and what was got.</param>
internal sealed record Finding(string Part, FindingState State, string Detail);
