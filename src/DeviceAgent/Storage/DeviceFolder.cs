using Fota.Interop.Posix;

namespace Fota.DeviceAgent.Storage;

/// <summary>Whose the device's folder is.</summary>
internal static class DeviceFolder
{
    /// <summary>
    /// Demands that the folder, if it is there, belongs to who runs this program. What root writes into the folder of the service's user is readable by root alone: the service
    /// would not start again, and an update on trial would be lost.
    /// </summary>
    /// <exception cref="DeviceStateException">It is another's.</exception>
    public static void DemandOwn(string directory)
    {
        if (Directory.Exists(directory) && !PosixFile.IsDirectoryOwnedByCaller(directory))
        {
            throw new DeviceStateException($"{directory}: wanted a folder of the user who runs this, got another's: run it as the agent's user (sudo -u)");
        }
    }
}
