using Fota.Manifest;

namespace Fota.DeviceAgent.Boot;

/// <summary>The two slots of a device. The numbers stand in boot records and device reports.</summary>
public enum SlotName
{
    /// <summary>Slot A.</summary>
    A = 0,

    /// <summary>Slot B.</summary>
    B = 1,
}

/// <summary>What follows from there being two.</summary>
public static class SlotNames
{
    /// <summary>The slot that <paramref name="slot"/> is not.</summary>
    public static SlotName Other(this SlotName slot) => slot == SlotName.A ? SlotName.B : SlotName.A;

    /// <summary>The slot as manifests number it.</summary>
    public static ImageSlot ForManifest(this SlotName slot) => slot == SlotName.A ? ImageSlot.A : ImageSlot.B;

    /// <summary>The slot as part of a file name: "a" or "b".</summary>
    internal static string FilePart(this SlotName slot) => slot == SlotName.A ? "a" : "b";
}
