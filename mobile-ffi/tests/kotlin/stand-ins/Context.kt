// Stands in for the class of Android's SDK of which `examples/android` needs this much to be compiled.
package android.content

import java.io.File

abstract class Context {
    abstract val noBackupFilesDir: File
}
