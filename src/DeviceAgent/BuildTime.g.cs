namespace Fota.DeviceAgent.State; internal static partial class BuildTime { private const long UnixSeconds = 1767225600; }
