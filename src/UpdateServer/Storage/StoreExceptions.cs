namespace Fota.UpdateServer.Storage;

/// <summary>The store cannot be reached, or is too busy. Nothing was changed, and the same may be asked again.</summary>
internal class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The store is there, and others were in the way.</summary>
internal sealed class StoreBusyException(string message, Exception? cause = null) : StoreUnavailableException(message, cause);

/// <summary>The connection was lost while a change was committed: whether it is stored is known to the store alone. Whoever holds a copy reads it again.</summary>
internal sealed class StoreUncertainException(string message, Exception? cause = null) : StoreUnavailableException(message, cause);
