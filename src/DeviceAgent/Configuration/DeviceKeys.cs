using Fota.DeviceAgent.Keys;
using Fota.Interop.Cryptoki;

namespace Fota.DeviceAgent.Configuration;

/// <summary>Opens the device's key as the settings say.</summary>
internal static class DeviceKeys
{
    /// <summary>Opens an existing key.</summary>
    public static IDeviceKey Open(KeySettings settings)
    {
        switch (settings)
        {
            case KeySettings.OnToken token:
                using (Pin pin = Pin.FromFile(token.PinFile))
                {
                    return TokenDeviceKey.Open(token.Module, token.TokenLabel, token.KeyLabel, pin);
                }

            case KeySettings.InUnsafeFile file:
                return UnsafeFileDeviceKey.Open(file.Path);
            default:
                throw new ArgumentOutOfRangeException(nameof(settings));
        }
    }

    /// <summary>Opens the key, and makes it, and its token, where they are missing.</summary>
    public static IDeviceKey Enrol(KeySettings settings)
    {
        switch (settings)
        {
            case KeySettings.OnToken { SecurityOfficerPinFile: { } securityOfficerPinFile } token:
                using (Pin pin = Pin.FromFile(token.PinFile), securityOfficerPin = Pin.FromFile(securityOfficerPinFile))
                {
                    return TokenDeviceKey.Enrol(token.Module, token.TokenLabel, token.KeyLabel, pin, securityOfficerPin);
                }

            case KeySettings.OnToken:
                throw new SettingsException("key: soPinFile: wanted the security officer's PIN, which enrolment needs");
            case KeySettings.InUnsafeFile file:
                return UnsafeFileDeviceKey.Enrol(file.Path);
            default:
                throw new ArgumentOutOfRangeException(nameof(settings));
        }
    }
}
