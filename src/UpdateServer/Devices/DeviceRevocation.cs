using Fota.Manifest.Keys;

namespace Fota.UpdateServer.Devices;

/// <summary>A device that an administrator shut out.</summary>
/// <param name="Device">Which.</param>
/// <param name="Key">The one key of it that is meant; null for whatever certificate bears its name.</param>
/// <param name="Reason">In the administrator's words.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
internal sealed record DeviceRevocation(DeviceId Device, KeyId? Key, string Reason, string By, DateTimeOffset At);
