namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>The variables that a bootloader keeps for itself and for the system.</summary>
internal interface IBootEnvironment
{
    /// <summary>All variables, or null when nothing whole holds them.</summary>
    BootVariables? Read();

    /// <summary>Replaces all variables in one atomic, durable write.</summary>
    /// <exception cref="IOException">The environment cannot be written, or these variables do not fit into it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    void Write(BootVariables variables);
}
