namespace Fota.DeviceAgent.Storage;

/// <summary>
/// Small named files that survive a power cut. With <see cref="Slots.ISlotStorage"/> it is the only way in which the agent and the bootloader
/// change anything, so that power can be cut at every single change (promise P3).
/// </summary>
internal interface IDurableStore
{
    /// <summary>The content of <paramref name="name"/>, or null when there is none. What a missing file means is the caller's decision, never "not required".</summary>
    byte[]? Read(string name);

    /// <summary>Replaces <paramref name="name"/> as a whole. On return it is on the disk; after a power cut either the old or the new content is there.</summary>
    void Replace(string name, ReadOnlySpan<byte> content);

    /// <summary>Removes <paramref name="name"/>, if it is there. On return this is on the disk.</summary>
    void Delete(string name);
}
