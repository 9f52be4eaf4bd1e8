using Fota.DeviceAgent.Keys;
using Fota.Interop.Cryptoki;

namespace Fota.DeviceAgent.Configuration;

/// <summary>Opens the device's key as the settings say.</summary>
public static class DeviceKeys
{
    private const UnixFileMode OthersMay = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Opens an existing key.</summary>
    public static IDeviceKey Open(KeySettings settings)
    {
        switch (settings)
        {
            case KeySettings.OnToken token:
                using (Pin pin = ReadPin(token.PinFile))
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
                using (Pin pin = ReadPin(token.PinFile), securityOfficerPin = ReadPin(securityOfficerPinFile))
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

    private static Pin ReadPin(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & OthersMay) != UnixFileMode.None)
        {
            throw new SettingsException($"{path}: wanted mode 0600, as it holds a PIN");
        }

        byte[] content = File.ReadAllBytes(path);
        try
        {
            return Pin.FromUtf8(content.AsSpan().TrimEnd("\r\n"u8));
        }
        finally
        {
            Array.Clear(content);
        }
    }
}
