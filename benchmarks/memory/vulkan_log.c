/* Writes down what a process allocates on a Vulkan device.
 *
 *     cc -shared -fPIC -O1 -o FOLDER/libvulkan.so.1 vulkan_log.c -ldl
 *
 * Put FOLDER first in LD_LIBRARY_PATH, the real loader's path in VULKAN_LOADER and a file's in VULKAN_LOG. One line an
 * event: `A handle bytes` for device memory, `B handle bytes` for a buffer, `I handle format width height depth layers`
 * for an image; `a`, `b` and `i` with the handle when it is freed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Function)(void);
typedef unsigned long long Big;
typedef struct { uint32_t type; const void *next; uint64_t size; uint32_t memory; } MemoryInfo;
typedef struct { uint32_t type; const void *next; uint32_t flags; uint64_t size; } BufferInfo;
typedef struct {
  uint32_t type; const void *next; uint32_t flags, kind, format, width, height, depth, levels, layers;
} ImageInfo;

static Function (*instance_function)(void *, const char *);
static Function (*device_function)(void *, const char *);
static int32_t (*allocate)(void *, const MemoryInfo *, const void *, uint64_t *);
static int32_t (*create_buffer)(void *, const BufferInfo *, const void *, uint64_t *);
static int32_t (*create_image)(void *, const ImageInfo *, const void *, uint64_t *);
static void (*release)(void *, uint64_t, const void *);
static void (*destroy_buffer)(void *, uint64_t, const void *);
static void (*destroy_image)(void *, uint64_t, const void *);

static FILE *out(void) {
  static FILE *file;
  if (!file) {
    const char *path = getenv("VULKAN_LOG");
    file = fopen(path ? path : "/dev/null", "w");
    setlinebuf(file);
  }
  return file;
}

static int32_t logged_allocate(void *device, const MemoryInfo *info, const void *how, uint64_t *made) {
  int32_t status = allocate(device, info, how, made);
  if (!status) fprintf(out(), "A %llx %llu\n", (Big)*made, (Big)info->size);
  return status;
}

static int32_t logged_create_buffer(void *device, const BufferInfo *info, const void *how, uint64_t *made) {
  int32_t status = create_buffer(device, info, how, made);
  if (!status) fprintf(out(), "B %llx %llu\n", (Big)*made, (Big)info->size);
  return status;
}

static int32_t logged_create_image(void *device, const ImageInfo *info, const void *how, uint64_t *made) {
  int32_t status = create_image(device, info, how, made);
  if (!status)
    fprintf(out(), "I %llx %u %u %u %u %u\n", (Big)*made, info->format, info->width, info->height, info->depth,
            info->layers);
  return status;
}

static void logged_release(void *device, uint64_t handle, const void *how) {
  fprintf(out(), "a %llx\n", (Big)handle);
  release(device, handle, how);
}

static void logged_destroy_buffer(void *device, uint64_t handle, const void *how) {
  fprintf(out(), "b %llx\n", (Big)handle);
  destroy_buffer(device, handle, how);
}

static void logged_destroy_image(void *device, uint64_t handle, const void *how) {
  fprintf(out(), "i %llx\n", (Big)handle);
  destroy_image(device, handle, how);
}

static Function logged(const char *name, Function real) {
  struct { const char *name; void *kept; Function logged; } all[] = {
      {"vkAllocateMemory", &allocate, (Function)logged_allocate},
      {"vkFreeMemory", &release, (Function)logged_release},
      {"vkCreateBuffer", &create_buffer, (Function)logged_create_buffer},
      {"vkDestroyBuffer", &destroy_buffer, (Function)logged_destroy_buffer},
      {"vkCreateImage", &create_image, (Function)logged_create_image},
      {"vkDestroyImage", &destroy_image, (Function)logged_destroy_image},
  };
  for (unsigned i = 0; real && i < sizeof all / sizeof *all; i++)
    if (!strcmp(name, all[i].name)) {
      *(Function *)all[i].kept = real;
      return all[i].logged;
    }
  return real;
}

static Function logged_device_function(void *device, const char *name) {
  return logged(name, device_function(device, name));
}

Function vkGetInstanceProcAddr(void *instance, const char *name) {
  if (!instance_function) {
    const char *path = getenv("VULKAN_LOADER");
    void *loader = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!loader) {
      fprintf(stderr, "vulkan_log: no loader in VULKAN_LOADER\n");
      exit(9);
    }
    *(void **)&instance_function = dlsym(loader, "vkGetInstanceProcAddr");
  }
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (Function)vkGetInstanceProcAddr;
  Function real = instance_function(instance, name);
  if (real && !strcmp(name, "vkGetDeviceProcAddr")) {
    device_function = (Function (*)(void *, const char *))real;
    return (Function)logged_device_function;
  }
  return logged(name, real);
}
